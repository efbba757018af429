"""The judge as an HTTP service on loopback."""
