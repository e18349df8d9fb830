"""Questions to a search, and the order of its answers: words, songs to leave out, diversity, examples."""
