"""The first stage: what a candidate may say, and its text as all later stages read it."""
