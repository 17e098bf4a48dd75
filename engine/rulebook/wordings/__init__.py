"""The sentences of the loader, one module for each subject; `engine.rulebook.wording` has them all."""
