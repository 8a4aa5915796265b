// The journal and the outbox from the command line.
#pragma once

#include "gateway/app/commands/command.hpp"

namespace gateway::app {

ExitCode RunMessagesList(const Arguments& arguments);
ExitCode RunMessagesShow(const Arguments& arguments);
ExitCode RunMessagesReplay(const Arguments& arguments);
ExitCode RunMessagesDiscard(const Arguments& arguments);
/// 1 when something was lost or doubled.
ExitCode RunMessagesCheck(const Arguments& arguments);

}  // namespace gateway::app
