"""The only room that contacts sources: pages are fetched politely, their bytes kept, and then read."""
