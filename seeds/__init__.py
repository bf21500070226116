"""What everything starts from, as plain text a person can edit: taxonomy, registries, samples, demo exports."""
