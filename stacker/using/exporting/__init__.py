"""Write a trained model in another format, with all that it takes to get the same answers there."""
