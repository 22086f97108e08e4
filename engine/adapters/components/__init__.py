"""Parts that several model adapters share: VAE, schedulers, LoRAs, prompt cache, latents."""
