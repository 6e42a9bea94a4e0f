"""Export backends and runners of LEAPP; each registers through the same entry points third parties use."""
