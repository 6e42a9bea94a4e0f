"""A LEAPP backend and runner for OpenVINO's intermediate representation."""
