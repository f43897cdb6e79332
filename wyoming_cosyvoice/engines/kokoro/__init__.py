"""The starter voice: Kokoro-82M."""
