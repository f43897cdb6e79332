"""The starter engine: Kokoro-82M with phonemes by language."""
