module mix

go 1.26.0
