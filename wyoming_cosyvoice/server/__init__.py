"""The edge: protocols in, protocols out. No sound is made here."""
