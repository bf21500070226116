"""Exports of listening tools and spreadsheets, read into posts."""
