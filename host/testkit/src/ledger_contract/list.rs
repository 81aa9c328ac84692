//! All checks of the contract by name, so that each becomes a test of its own.

/// Makes one test of each check. `$candidate` is an expression that gives a [`Candidate`].
#[macro_export]
macro_rules! ledger_contract {
    ($candidate:expr) => {
        $crate::ledger_contract! { @ $candidate;
            claim {
                a_new_key_is_inserted_once_and_a_duplicate_names_the_run_that_has_it
                a_key_that_is_done_stays_taken
                of_many_claimers_of_the_same_occurrences_exactly_one_wins_each
                the_cursor_never_moves_back
                a_claim_that_fails_inside_writes_nothing
                a_live_run_of_the_schedule_makes_the_next_one_a_row_that_names_it
                two_fires_of_one_claim_overlap_like_any_others
                a_run_that_waits_for_its_time_is_in_nobodys_way_before
                a_retry_that_waits_for_its_time_is_in_the_way
                with_overlap_allowed_both_run
                what_is_due_is_leased_in_the_claim_up_to_the_places
                what_is_not_due_yet_waits
                without_a_tenant_nothing_is_leased
                a_span_that_did_not_run_is_one_row_with_its_count
                an_instant_has_one_row_whether_it_ran_or_not
                everything_in_an_order_comes_back_from_a_lease
            }
            stale {
                what_another_host_has_decided_is_not_decided_again_even_if_its_row_is_gone
                what_is_skipped_in_a_row_and_was_decided_in_part_is_planned_again_from_there
                what_does_not_move_the_cursor_may_lie_before_it
                a_schedule_runs_no_more_often_than_it_may_whoever_claims
                of_many_who_claim_different_instants_of_a_bounded_schedule_no_more_win_than_it_may_run
            }
            again {
                the_same_claim_is_answered_as_the_first_time
                the_same_claim_finds_the_same_in_the_way
                of_the_same_claim_only_what_it_still_holds_is_leased
                the_same_settlement_is_recorded_once_and_answered_as_the_first_time
                a_settlement_is_known_again_after_further_attempts
            }
            overlap {
                with_nothing_in_the_way_every_policy_begins_at_once
                without_a_schedule_nothing_is_in_the_way
                with_queue_one_waits_and_further_ones_name_the_run_in_the_way
                with_queue_one_waits_behind_a_run_that_is_about_to_begin
                with_queue_one_waits_behind_a_queued_run_whose_turn_has_come
                with_queue_all_everything_waits_and_runs_one_after_the_other
                a_blocked_run_wakes_nobody
                a_queued_run_waits_until_the_retries_before_it_are_over
                a_queued_run_waits_for_what_is_ready_before_it
                a_queued_run_waits_for_runs_of_other_policies_too
                queues_of_different_schedules_do_not_wait_for_each_other
                fires_of_one_claim_queue_behind_its_first
                cancel_running_asks_what_goes_on_and_begins_when_it_has_stopped
                cancel_running_asks_all_that_go_on
                cancel_running_replaces_what_has_not_begun
                cancel_running_replaces_the_queued_ones_too
                cancel_running_ends_what_waits_for_a_retry
                of_several_fires_of_one_claim_that_cancel_only_the_last_begins
                what_waits_for_a_later_time_is_not_cancelled
                a_queued_run_that_is_cancelled_lets_the_next_one_go
                a_queued_run_given_back_is_the_first_again
                a_delayed_run_waits_its_turn_when_its_time_comes
                what_is_ready_now_is_in_the_way_of_an_older_instant
                of_many_who_lease_from_a_queue_one_at_a_time_runs
            }
            backfill {
                a_backfill_fills_what_has_no_row
                a_backfill_leaves_alone_what_goes_on_or_succeeded
                a_backfill_takes_up_what_did_not_succeed
                the_same_backfill_twice_is_one_run_however_it_ended
                a_backfill_sees_what_fires_in_the_same_claim
                a_backfill_takes_up_what_the_same_claim_replaced
                an_occurrence_fires_whatever_was_filled_in_before
            }
            edits {
                what_is_declared_put_paused_and_removed_is_told_of_after_it_and_no_more_once_it_is_seen
                how_far_a_schedule_has_come_is_no_edit
                many_edits_are_told_of_in_parts_that_miss_none
                an_overdue_schedule_is_news_once_until_it_has_succeeded
            }
            lease {
                ready_runs_are_leased_in_the_order_of_their_time
                attempt_and_fence_grow_with_each_lease
                the_earliest_ready_time_is_known
                a_heartbeat_prolongs_a_lease
                a_heartbeat_tells_of_cancels_and_of_losses
                a_lease_has_lapsed_only_after_its_time
                a_lease_given_back_does_not_count_as_an_attempt
                a_lease_given_back_after_a_cancel_is_cancelled
                of_a_rescue_and_a_result_exactly_one_is_recorded
                a_waiting_run_is_cancelled_at_once
                a_running_one_is_asked
                a_run_that_is_over_stays_as_it_is
                of_many_who_lease_nobody_gets_the_same_run
            }
            queues {
                the_higher_priority_goes_first_and_of_equals_the_older
                a_retry_keeps_its_priority
                queued_runs_have_their_priority_too
                a_host_leases_from_the_queues_it_takes
                a_full_queue_holds_up_no_other
                a_plugin_that_is_full_holds_up_no_other_whatever_the_queue
                a_queue_has_room_for_those_in_turn_and_the_others_together
                a_claim_leases_by_priority_and_room
                what_waits_for_later_hides_nothing_of_lower_priority
                the_status_tells_how_each_queue_stands
                the_host_of_each_attempt_is_on_record
            }
            limits {
                a_run_goes_to_a_host_that_is_what_it_asks_for
                what_asks_for_another_host_holds_up_no_other
                a_claim_leases_nothing_that_asks_for_another_host
                the_first_of_a_queue_waits_for_its_host_and_those_behind_it_for_their_turn
                of_a_bounded_schedule_no_more_go_on_whoever_leases
                a_bounded_schedule_holds_up_no_other
                a_retry_of_a_bounded_schedule_leaves_its_place_and_waits_for_one
                what_is_counted_over_all_hosts_is_not_leased_with_its_claim
                of_a_queue_with_a_total_no_more_go_on_and_the_higher_priority_first
                a_total_and_the_room_of_the_host_hold_both
                a_bound_that_changes_holds_at_once_for_what_waits
                a_bound_stays_with_the_runs_of_a_schedule_that_left_the_list
                of_many_who_lease_at_once_none_takes_a_place_too_many
            }
            expiry {
                the_last_instants_come_back_from_a_lease_and_when_it_lapses
                a_run_that_did_not_begin_in_time_expires
                at_the_last_instant_a_run_may_still_begin
                a_run_that_began_in_time_is_not_stopped
                a_retry_may_begin_after_start_by_and_not_after_expires_at
                a_lease_given_back_leaves_the_first_attempt_bound_by_start_by
                a_call_that_asked_to_run_again_has_begun
                an_abandoned_first_attempt_has_begun
                what_expired_keeps_no_host_looking_and_is_in_nobodys_way
                a_queued_run_expires_while_it_waits_and_the_next_one_goes
                however_many_expired_none_of_them_is_leased
                an_instant_that_expired_before_it_was_claimed_has_a_row_that_says_so
            }
            settle {
                the_end_of_an_attempt_is_recorded_with_all_it_said
                an_old_fence_writes_nothing
                of_an_attempt_that_never_began_there_is_no_provenance
                nothing_is_settled_twice
                a_failure_that_runs_again_is_archived
                an_attempt_that_does_not_count_keeps_its_number
                a_run_asked_to_stop_is_not_tried_again
                state_is_written_with_success
                state_of_a_call_that_asks_to_run_again_is_kept
                state_of_a_failure_is_dropped
                state_that_another_run_changed_is_a_conflict_and_nothing_is_written
                of_two_who_write_the_same_entry_at_once_one_conflicts
                an_entry_can_be_removed_and_written_anew
                enqueued_runs_of_a_handler_share_their_state
                the_next_lease_knows_the_last_success
                a_skip_by_the_handler_has_its_reason
            }
            follow {
                what_follows_a_success_is_written_with_it_and_waits
                nothing_follows_what_did_not_succeed
                nothing_follows_when_the_lease_was_lost
                nothing_follows_a_conflict
                what_follows_is_judged_like_any_fire
                what_follows_may_take_the_place_of_a_run
                all_ends_of_a_call_come_before_what_follows_them
                what_cannot_follow_leaves_its_row
                a_follower_that_cannot_be_written_leaves_the_run_as_it_was
            }
            chains {
                what_follows_a_success_is_made_with_it_and_is_told_its_result
                what_follows_any_other_end_is_made_with_it_and_is_told_why
                a_run_that_never_began_has_an_end_too
                while_another_attempt_follows_nothing_else_does
                without_a_lease_or_after_a_conflict_nothing_is_made
                a_chain_is_there_once_and_as_a_whole
                what_a_chain_still_waits_for_is_not_pruned_and_its_links_go_with_its_last_run
                a_follower_whose_time_has_passed_expires_and_its_chain_goes_on
                links_are_read_page_by_page
            }
            groups {
                a_group_is_over_with_its_last_member_and_tells_all_results_in_their_order
                of_many_who_settle_the_last_members_at_once_one_makes_what_follows_the_group
                the_first_member_that_does_not_succeed_fails_its_group_once_and_the_others_go_on
                a_group_waits_for_all_that_its_members_lead_to
                a_group_that_fails_fails_the_group_around_it
                results_that_are_too_large_together_are_left_with_their_runs
                of_a_chain_taken_back_nothing_follows_any_more
                a_part_taken_back_fails_the_group_around_it
                a_group_that_has_not_begun_goes_with_what_is_taken_back_within_it
            }
            items {
                each_instant_becomes_one_run_with_its_items
                an_instant_is_found_with_the_runs_of_its_submissions
                what_is_due_is_handed_over_with_the_lease_of_the_submission
                what_is_due_later_is_held
                known_items_are_left_out_and_without_others_there_is_no_run
                items_share_the_success_of_their_run
                what_was_executed_comes_again_only_if_it_is_repeatable
                what_failed_comes_again_only_if_failures_do
                what_never_began_comes_again
                only_what_did_not_succeed_is_handed_to_the_next_attempt
                what_a_call_with_a_failed_item_remembers_is_kept
                an_item_is_settled_only_by_the_run_that_has_it
                an_abandoned_attempt_says_nothing_of_its_items_while_another_follows
                without_a_lease_no_item_is_settled
                of_many_who_submit_the_same_each_item_is_accepted_once
                items_are_read_page_by_page
                items_go_with_their_run
                a_submission_taken_before_is_answered_as_then_and_not_taken_again
                a_submission_without_a_new_item_is_known_too
                a_submission_is_forgotten_with_what_is_as_old
            }
            artifacts {
                what_a_handler_attached_is_there_when_its_run_is_settled
                what_a_failed_attempt_attached_is_kept
                what_the_host_broke_off_leaves_no_files
                the_files_of_a_later_attempt_take_the_place_of_all_before
                an_attempt_without_files_leaves_those_of_the_one_before
                without_a_lease_no_file_is_written
                files_of_runs_settled_together_do_not_mix
                files_go_with_their_run
            }
            memories {
                what_a_plugin_shares_is_apart_from_what_its_schedules_remember
                a_conflict_in_one_memory_leaves_the_other_as_it_was
                keys_are_listed_in_the_order_of_their_bytes_and_page_by_page
                what_a_plugin_remembers_is_summed_over_its_memories
                an_entry_counts_for_the_plugin_that_wrote_it_last
                what_goes_over_a_limit_is_refused_and_nothing_of_it_is_written
                of_many_who_write_at_once_none_goes_over_the_limit
            }
            outbox {
                messages_are_there_with_the_success_that_handed_them_over
                of_what_did_not_end_well_nothing_is_sent
                without_a_lease_or_after_a_conflict_nothing_is_sent
                numbers_go_on_over_the_attempts_that_are_kept
                messages_of_runs_settled_together_do_not_mix
                what_is_leased_is_as_it_was_handed_over
                of_many_who_lease_no_message_goes_to_two
                what_was_sent_is_over_and_only_where_to_is_kept
                what_is_sent_again_waits_for_its_time
                of_a_host_that_went_away_another_takes_its_message_and_the_late_answer_is_dropped
                what_is_dead_stays_until_somebody_has_it_tried_again_or_drops_it
                what_was_sent_is_forgotten_as_runs_are_and_what_waits_is_not
                messages_are_listed_by_page_and_only_those_asked_for
            }
            alerts {
                a_failure_and_its_message_are_recorded_together_and_told_once
                without_rules_nothing_is_noted
                a_success_is_noted_only_where_something_is_not_over
                a_failure_and_a_success_settled_together_keep_their_order
                a_call_without_a_schedule_is_known_by_its_handler
                what_did_not_run_is_noted_unless_somebody_wanted_it_so
                an_overdue_schedule_is_noted_once
                a_host_that_went_away_without_a_word_is_noted_once_and_when_it_is_back
                of_many_who_judge_at_once_one_tells
                a_reminder_is_due_at_its_time_and_quiet_while_somebody_knows
                somebody_may_close_an_incident_and_nobody_is_told
                what_is_over_is_forgotten_as_runs_are_and_what_is_open_is_not
                incidents_and_messages_are_read_page_by_page
                what_a_host_notes_itself_is_judged_like_the_rest
            }
            deliveries {
                each_sink_is_sent_each_message_by_one_host_at_a_time
                that_it_is_over_follows_what_was_told_and_is_dropped_where_nobody_was
                a_sink_gets_no_more_in_a_minute_than_it_takes
                a_sink_that_is_gone_for_good_gets_nothing_until_its_settings_change
                of_pings_only_the_newest_goes_out_and_none_before_the_one_on_its_way
            }
            changes {
                what_a_client_changes_is_noted_with_who_and_when
                what_a_file_changes_is_noted_with_its_place_and_another_line_is_no_change
                a_file_that_takes_over_is_a_change_of_the_owner
                the_newest_changes_are_kept_and_a_year_long
            }
            put {
                what_is_put_stands_from_now
                the_same_put_again_changes_nothing
                a_put_that_comes_due_otherwise_does_not_look_back
                a_put_of_another_input_keeps_cursor_anchor_pause_and_count
                what_a_file_owns_is_neither_replaced_nor_removed_and_the_answer_names_its_place
                what_is_removed_leaves_the_list_and_its_history_stays
                what_comes_back_does_not_look_back_and_is_counted_anew
                what_does_not_stand_cannot_be_removed
                what_left_its_file_can_be_put
                a_declare_leaves_alone_what_was_put
                a_file_takes_over_a_name_of_the_api
                of_two_who_put_the_same_name_one_creates_it
            }
            rollups {
                ends_are_counted_alike_before_and_after_they_are_rolled_up
                calls_without_a_schedule_are_counted_with_their_handler
                an_end_that_is_written_late_is_counted_once
                of_many_who_count_at_once_each_end_is_counted_once
                counts_stay_when_their_runs_go_and_go_long_after_them
                the_newest_ends_of_schedules_are_found_for_each
            }
            schedules {
                a_new_schedule_starts_now
                the_same_definition_changes_nothing
                a_changed_trigger_zone_or_flag_does_not_look_back
                a_changed_input_keeps_the_cursor
                what_left_the_file_leaves_the_list_and_comes_back_without_looking_back
                what_the_api_owns_stays
                a_pause_is_kept_and_resuming_moves_the_cursor
                an_unknown_schedule_cannot_be_paused
                a_run_is_counted_when_it_is_claimed_because_it_came_due
                of_fires_that_replace_each_other_the_last_is_counted
                an_edit_keeps_the_count_and_who_comes_back_starts_anew
                the_last_success_stands_with_its_schedule
            }
            versions {
                bytes_come_back_as_they_were_and_are_kept_once
                a_decision_is_written_as_a_whole_and_only_if_nobody_decided_before
                of_two_who_decide_at_once_one_looks_again
                what_is_in_use_and_what_it_would_go_back_to_is_kept_however_old
                how_calls_end_is_on_record_with_their_version
                what_begins_anew_has_no_record
                what_ends_badly_or_on_trial_is_seen_in_the_marks
                what_calls_a_plugin_is_told_with_its_input
                a_version_without_a_file_has_one_again_when_bytes_come
            }
            history {
                runs_are_listed_newest_first_and_by_page
                a_listing_holds_only_what_was_asked_for
                a_run_reads_as_it_was_ordered
                the_last_run_of_each_schedule_is_the_newest_that_began
                the_status_counts_what_is_not_over
                old_runs_go_by_age_in_bounded_batches_and_live_ones_never
                what_a_run_said_goes_with_it
                no_run_no_answer
                an_instant_is_found_with_all_its_rows
                a_row_for_many_instants_is_found_by_each_of_them
            }
            access {
                a_token_is_found_by_its_digest_with_all_that_was_said_of_it
                a_name_is_given_once_and_again_when_it_was_taken_back
                the_last_use_of_a_token_is_noted_and_never_set_back
                a_session_ends_when_it_is_closed_or_its_token_is_taken_back
                what_was_done_is_listed_newest_first_by_page_and_only_what_was_asked_for
                what_is_past_its_time_is_forgotten_sessions_first_and_the_audit_log_last
            }
            keyed {
                a_key_stands_for_its_first_request_and_has_its_answer_ready
                a_key_whose_request_came_to_nothing_is_free_and_one_with_an_answer_is_not
                of_many_who_take_a_key_at_once_one_gets_it
                after_a_day_a_key_is_free_and_forgotten
            }
            hosts {
                a_host_is_listed_with_all_it_said_last
                a_host_that_says_nothing_for_longer_than_its_lease_is_silent_until_it_is_heard_again
                a_host_that_drains_is_told_from_others_and_one_that_ended_is_listed_only_if_asked_for
                hosts_are_listed_by_page
                hosts_that_are_long_gone_are_forgotten_and_living_ones_never
            }
        }
    };
    (@ $candidate:expr; $($topic:ident { $($check:ident)+ })+) => {
        $(mod $topic {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $check() {
                    $crate::ledger_contract::$topic::$check(&$crate::ledger_contract::Exam::of(&$candidate).await).await;
                }
            )+
        })+
    };
}
