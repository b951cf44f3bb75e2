print("handshake-bench")
