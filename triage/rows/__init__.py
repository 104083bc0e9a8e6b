"""What row changes of the shop's databases tell: which rows are wrong, what each system says, what it should say."""
