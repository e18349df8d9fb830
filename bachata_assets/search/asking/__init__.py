"""What a search can be asked, and how its answer is ordered: words, songs to leave out, variety, examples."""
