"""Thread pools, downloads, uploads on their way, and the heartbeat of a front-end process."""
