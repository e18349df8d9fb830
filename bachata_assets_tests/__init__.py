"""Tests as sentences."""
