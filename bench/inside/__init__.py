"""What runs inside a service's own interpreter: the standard library only, and names that collide with nobody's."""
