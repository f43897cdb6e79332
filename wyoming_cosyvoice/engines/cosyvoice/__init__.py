"""CosyVoice-300M: tokenizer, language model, flow and vocoder on ONNX Runtime."""
