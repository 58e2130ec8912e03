package newfile

// syncFolder has nothing to do: NTFS keeps names in its journal.
func syncFolder(string) error { return nil }
