// Package enrol is how an appliance joins the house of an issuer, and how it gets and keeps its certificate. web/README.md describes the
// protocol, and why it is as it is.
//
// Guarantees:
//
//   - A code is never sent, and is good once. Whoever does not know it learns nothing by asking, and whoever relays messages between the
//     two sides gains nothing: each proof holds for one TLS connection.
//   - A member believes nothing, and says nothing that matters, before the other side has proven that it knows the code. Its private key
//     never leaves it.
//   - An issuer signs for the names that its runbook declares, for keys of P-256, and for nothing that a request asks for besides.
//   - A member keeps what it has if an answer is late, torn, too long, or of another house. While the issuer is away it tries again, less
//     and less often, and says so in the health of the appliance before it is too late.
package enrol
