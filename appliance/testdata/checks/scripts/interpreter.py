#!/opt/none/python3
print("hello")
