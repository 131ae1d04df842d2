"""What moves the lists: importance of features and of whole sources, on users that the model was not fitted on."""
