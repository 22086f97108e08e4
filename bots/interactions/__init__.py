"""What people press, choose and react to in a chat, carried out the same on every platform."""
