"""What detectors are measured with: makers of test pictures and the measurements themselves. No detector imports them."""
