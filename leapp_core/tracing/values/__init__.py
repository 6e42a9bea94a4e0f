"""What becomes of Python values: may they decide what later steps compute?"""
