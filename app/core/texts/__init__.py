"""What errors say, in English and Russian, by constant code; `app.core.messages` puts them together."""
