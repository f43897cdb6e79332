"""Text to speech with CosyVoice-300M on a CPU, over the Wyoming protocol."""

__version__ = "0.1.0"
