"""Official CosyVoice checkpoint to bundle, without torch. Offline tool; the server never imports it."""
