"""A released model in use: what clinicians said, evidence against the limits of its policy, suspension."""
