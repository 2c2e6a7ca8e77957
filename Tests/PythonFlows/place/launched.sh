echo launched in "$PWD"
