"""Words: pure functions from what people write to what a person would say."""
