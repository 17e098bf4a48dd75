"""What is given to auditors as it is: nothing here imports anything of Touchstone."""
