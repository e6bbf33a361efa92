"""What the detectors find and what they wrongly find, measured on data of the user's: `touchstone evaluate`."""
