// Stands for a bundle in tests.
