"""Promises between services: what one may ask of another, without knowing which it is."""
