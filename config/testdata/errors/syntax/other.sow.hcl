user "carl" {
  name = "Carl" "Carlo"
}
conversation "c" {
  between = [user.ana, user.carl]
  message {
    from = user.ana
    text = 'hi'
  }
  message {
    from = user.carl
    text = "a" +
  }
  message {
    from = user.karl
    text = 1 = 2
  }
}
