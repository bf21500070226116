"""A text becomes observations: clean text with offsets, labs and medicines with their spans, language."""
