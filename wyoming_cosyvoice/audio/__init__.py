"""Samples: functions and small filters on mono audio. Nothing here knows of voices, requests or protocols."""
