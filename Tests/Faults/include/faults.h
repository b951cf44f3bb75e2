#ifndef FAULTS_H
#define FAULTS_H

/// The system's calls that a test can make fail. A program that this is linked into has them replaced by ones that fail
/// when they are told to, and otherwise do the same.
typedef enum { fault_accept, fault_receive, fault_send } fault_call;

/// Lets the next `times` calls on the descriptor fail with `error`, an errno. 0 times ends that, and so does closing the
/// descriptor.
void fault_inject(fault_call call, int descriptor, int error, unsigned times);

/// How many calls on the descriptor are still to fail.
unsigned fault_remaining(fault_call call, int descriptor);

#endif
