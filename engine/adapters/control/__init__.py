"""Networks beside a denoiser that make it follow the structure of a picture."""
