"""Voices: what turns an utterance into samples."""
