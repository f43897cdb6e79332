"""Recognisers of written forms, shared by the languages.

A recogniser looks at one place of a text and returns the value that is written there and where it ends, or None. All
patterns are anchored at that place, and repeat possessively or a bounded number of times: a run of 100,000 digits,
dots or colons is looked at a constant number of times.
"""
