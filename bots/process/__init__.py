"""Thread pools, error reports and the heartbeat file of a front-end process."""
