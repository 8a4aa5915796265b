// Readings of this process from /proc, for the standard process metrics.
#pragma once

namespace gateway::telemetry {

double ResidentMemoryBytes();
double OpenFileDescriptors();
double FileDescriptorsMax();
double CpuSeconds();
/// Seconds since 1970-01-01T00:00:00Z.
double StartTimeSeconds();
double UptimeSeconds();

}  // namespace gateway::telemetry
