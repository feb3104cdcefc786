staff = {
  sam = { name = "Sam Ochoa" }
  kim = { name = "김하늘", role = "agent" }
}
