/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_auth.h - is this the password of that name?
 *
 * smtpd opens a conversation with MSG_AUTH_CHECK; auth ends it with
 * MSG_AUTH_IS, in its own time and in the order of the questions.
 */
#ifndef COMMON_IPC_MSG_AUTH_H
#define COMMON_IPC_MSG_AUTH_H

#include "common/ipc/msg_control.h"

enum { MSG_LOGIN_MAX = 255, MSG_PASSWORD_MAX = 500 };

enum auth_verdict {
	AUTH_YES = 1,
	AUTH_NO = 2,     /* no such name, or another password */
	AUTH_BARRED = 3, /* too many failures of late: not looked at */
	AUTH_BUSY = 4,   /* too many questions wait */
	AUTH_AWAY = 5    /* there is no sound file of passwords */
};

struct msg_auth_check {
	uint8_t family; /* of the client: 4, 6 */
	uint8_t client[MSG_IP_BYTES];
	char name[MSG_LOGIN_MAX + 1];
	char password[MSG_PASSWORD_MAX + 1];
};

struct msg_auth_is {
	uint8_t verdict; /* enum auth_verdict */
};

extern const struct ipc_type msg_auth_check, msg_auth_is;

#endif
