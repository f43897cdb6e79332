"""Samples: pure functions on float32 and int16 arrays."""
