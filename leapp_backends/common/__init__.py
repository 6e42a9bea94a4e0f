"""What several backends share: programs with their weights attached, quiet exporter calls, arrays to tensors."""
