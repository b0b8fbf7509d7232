appliance "kitchen" {}

/* a comment is no place to hide in
<<<<<<< your edit
mine
=======
theirs
>>>>>>> the file as it is now
*/
